import{z as o}from"./index-Db7zgKkK.js";const r=o("category",null);export{r as p};
