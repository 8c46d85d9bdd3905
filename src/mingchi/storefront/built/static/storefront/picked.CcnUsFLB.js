import{z as o}from"./index-CK8Twdyy.js";const r=o("category",null);export{r as p};
