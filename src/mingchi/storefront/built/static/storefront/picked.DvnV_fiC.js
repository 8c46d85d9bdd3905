import{z as o}from"./index-CA8_IXiY.js";const r=o("category",null);export{r as p};
