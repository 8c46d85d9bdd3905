import{z as o}from"./index-Bdz-4xiE.js";const r=o("category",null);export{r as p};
